"""Timescales of networks trained under two curricula (Khajehabdollahi et al. 2024, 2309.12927)."""
