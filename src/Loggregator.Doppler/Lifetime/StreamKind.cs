namespace Loggregator.Doppler.Lifetime;

/// <summary>What a stream does, for the gauges and for the order of a stop.</summary>
internal enum StreamKind
{
    Ingress,
    Egress,
    Attach,
}
