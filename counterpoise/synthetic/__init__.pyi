from ._grids import grids_in_words as grids_in_words
from ._review import review_synthetic_rows as review_synthetic_rows
