from ._review import review_synthetic_rows as review_synthetic_rows
