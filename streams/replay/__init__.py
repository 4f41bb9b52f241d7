"""Files as events: read data sets and recordings, and publish them at the pace of their clock."""
