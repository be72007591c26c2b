namespace Loggregator.Client.Consume;

/// <summary>Who answered: a Doppler and its current run. Positions mean something only within one run.</summary>
/// <param name="Id">The instance id.</param>
/// <param name="Incarnation">Drawn anew at each start.</param>
internal sealed record DopplerIdentity(string Id, ulong Incarnation);
