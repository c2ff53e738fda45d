"""What a household receives: DVB-T2 modes, reception, service."""
