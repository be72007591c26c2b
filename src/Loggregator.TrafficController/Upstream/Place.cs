namespace Loggregator.TrafficController.Upstream;

/// <summary>A position in one run of one Doppler; the default is none.</summary>
internal readonly record struct Place(string? DopplerId, ulong Incarnation, ulong Next);
