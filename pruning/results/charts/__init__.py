"""Charts: each module holds one function that takes data frames and gives a :class:`~pruning.results.charts.base.Chart`.

Imports plotly, pandas, numpy and rank 0 only; never torch, never streamlit, never the store.
"""
