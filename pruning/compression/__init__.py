"""Really smaller: removal, quantization, encoded files."""
