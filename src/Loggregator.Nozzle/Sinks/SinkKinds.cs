using Loggregator.Nozzle.Sinks.Blackhole;
using Loggregator.Nozzle.Sinks.Files;
using Loggregator.Nozzle.Sinks.Stdout;

namespace Loggregator.Nozzle.Sinks;

/// <summary>All the kinds there are.</summary>
internal static class SinkKinds
{
    public static readonly SinkKind[] All =
    [
        FileSink.Kind,
        StandardOutputSink.Kind,
        BlackholeSink.Kind,
    ];
}
