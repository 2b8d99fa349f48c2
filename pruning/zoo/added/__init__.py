"""Networks that people bring: a checkpoint made plain, laid onto an architecture, kept under a name."""
