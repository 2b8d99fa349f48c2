"""Criteria; each module registers one (or one family), with formula, reference, cost and where it fails."""
