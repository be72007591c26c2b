namespace Loggregator.Hosting;

/// <summary>Endpoint metadata: the kinds of listener that answer it. Without it, gRPC methods answer on gRPC listeners and all else on HTTP ones.</summary>
internal sealed class OnListener(params ListenerKind[] kinds)
{
    public bool Includes(ListenerKind kind) => Array.IndexOf(kinds, kind) >= 0;
}
