"""The training loop: tensors on the device, masks held after every step, checkpoints that continue bit for bit."""
