namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>What carries syslog messages.</summary>
internal enum SyslogTransport
{
    /// <summary>A stream, as the original's <c>syslog://</c>.</summary>
    Tcp,

    /// <summary>A stream in TLS (RFC 5425).</summary>
    Tls,

    /// <summary>A datagram for each message (RFC 5426): nobody confirms them.</summary>
    Udp,
}
