namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>The schemes of syslog.</summary>
internal static class SyslogSinks
{
    /// <summary><c>syslog://</c> and <c>syslog-tcp://</c>, <c>syslog-tls://</c>, <c>syslog-udp://</c>, with the options of <see cref="SyslogOptions"/>.</summary>
    public static SinkKind Kind { get; } = new(["syslog", "syslog-tcp", "syslog-tls", "syslog-udp"], "syslog-tls://logs.example.com:6514", (url, read) =>
    {
        var options = new SyslogOptions(url, read);
        return context => options.Transport == SyslogTransport.Udp ? new SyslogDatagramSink(options, context.Time) : new SyslogStreamSink(options, context.Time);
    });
}
