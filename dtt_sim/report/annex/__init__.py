"""What a plan's annex and workbook are made of: a run's folder, Word's parts, charts and sections."""
