"""The sections of the configuration, a module each; `counterpoise.core.config` puts them together."""
