namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>How messages are told apart on a stream (RFC 6587).</summary>
internal enum SyslogFraming
{
    /// <summary>The length in decimal and a space in front of each: <c>118 &lt;14&gt;1 …</c>.</summary>
    Octet,

    /// <summary>A line feed behind each; line feeds inside become <c>#012</c>.</summary>
    Newline,
}
