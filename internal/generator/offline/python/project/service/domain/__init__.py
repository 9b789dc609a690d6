"""What the service keeps and which values it accepts. Knows neither HTTP nor SQL."""
