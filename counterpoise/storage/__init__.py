"""Store datasets and read sources in a local folder or in a bucket of S3, Google Cloud Storage or Azure.

Other packages do not see the difference: they read and create small files by name, and write and read large ones as
local files.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
