"""What came out: tables, intervals, sentences, charts, reports. No torch."""
