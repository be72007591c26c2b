namespace Loggregator.Doppler.Lifetime;

/// <summary>An open stream; disposed when it ends.</summary>
internal sealed class StreamScope(Draining draining, StreamKind kind) : IDisposable
{
    public void Dispose() => draining.Leave(kind);
}
