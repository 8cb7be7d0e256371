"""What the pytest plugin does once it is used: options, planning, the run's folder, one engine for many workers."""
