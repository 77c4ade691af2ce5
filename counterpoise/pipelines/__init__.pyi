from ._sampler import Sampler as Sampler
