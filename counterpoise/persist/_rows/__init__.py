"""From plans to the rows of a version, in bounded memory."""
