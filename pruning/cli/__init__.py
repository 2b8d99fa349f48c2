"""The command line: ``python -m pruning``. It makes a study, gives it to the engine, prints what comes back."""
