"""Where rows are kept: SQLite in the folder DATA_DIR. The only place that knows SQL."""
