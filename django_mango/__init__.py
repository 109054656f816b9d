"""Mango Office cloud PBX for any Django CRM."""

__version__ = "0.1.0"
