"""Hypothesis settings for slow, batched models: ``perturb-ci``, ``perturb-nightly``, ``perturb-fuzz``."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings

# perturb minimises recipes itself, in batches; one candidate at a time would ask a model for hours.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def register_profiles() -> None:
    """Register the profiles; choose one with ``--hypothesis-profile`` or ``settings.load_profile``."""
    common = settings(
        deadline=None,
        phases=PHASES,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    settings.register_profile("perturb-ci", common, max_examples=50, derandomize=True, database=None)
    settings.register_profile("perturb-nightly", common, max_examples=500)
    settings.register_profile("perturb-fuzz", common, max_examples=5000)
