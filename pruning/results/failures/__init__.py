"""What a compressed network forgets: who pays, how sure that is, what to watch. Numbers in, tables out; no torch."""
