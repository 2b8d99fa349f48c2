"""On a person's own device: networks with a script that times them there, and what it brought back."""
