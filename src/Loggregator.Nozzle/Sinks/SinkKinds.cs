using Loggregator.Nozzle.Sinks.Blackhole;
using Loggregator.Nozzle.Sinks.Files;
using Loggregator.Nozzle.Sinks.Https;
using Loggregator.Nozzle.Sinks.Kafka;
using Loggregator.Nozzle.Sinks.Stdout;
using Loggregator.Nozzle.Sinks.Syslog;

namespace Loggregator.Nozzle.Sinks;

/// <summary>All the kinds there are.</summary>
internal static class SinkKinds
{
    public static readonly SinkKind[] All =
    [
        KafkaSink.Kind,
        SyslogSinks.Kind,
        HttpsSink.Kind,
        FileSink.Kind,
        StandardOutputSink.Kind,
        BlackholeSink.Kind,
    ];
}
