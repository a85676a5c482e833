"""Coverage: circles, provision, allocation."""
