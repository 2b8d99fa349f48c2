"""Network classes that need a custom ``forward``; each file is a whole model, read in one sitting."""
