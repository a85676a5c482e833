"""The workbook and the CSV files."""
