"""Turn plans into the rows of a version, in bounded memory."""
