"""What opens files that people bring: it imports little, and runs in a process of its own with limits."""
