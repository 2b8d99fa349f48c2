"""What a network is for: what a batch is, the loss, what "right" means, how an example is shown. One file a task."""
