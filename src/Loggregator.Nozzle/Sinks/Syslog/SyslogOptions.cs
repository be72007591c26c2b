using Loggregator.Client.Connect;
using Loggregator.Nozzle.Rendering;
using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Sinks.Syslog;

/// <summary>The options of the syslog sinks.</summary>
internal sealed class SyslogOptions
{
    /// <summary>Reads them.</summary>
    public SyslogOptions(SinkUrl url, OptionReader read)
    {
        Transport = url.Scheme switch { "syslog-tls" => SyslogTransport.Tls, "syslog-udp" => SyslogTransport.Udp, _ => SyslogTransport.Tcp };
        Target = url.Hosts is [var host] && host.Port is > 0 ? host : default;
        if (Target.Port == 0 || url.Path.Length > 1 || url.User.Length > 0)
        {
            read.Fail("name one host with its port and nothing else, for example syslog-tls://logs.example.com:6514.");
        }

        Format = RecordFormats.Read(read, RecordFormatName.Syslog);
        Framing = read.Read("framing", SyslogFraming.Octet);
        Timeout = read.Read("timeout", TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(5));
        Confirm = read.Read("confirm", TimeSpan.FromMilliseconds(250), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        MaxDatagram = read.Read("max-datagram", 65_507, 480, 65_507);
        Tls = Transport == SyslogTransport.Tls ? TlsOptions.Read(read, Target.Host) : null;
        if (!Format.IsText)
        {
            read.Fail("format: syslog carries text, not protobuf.");
        }
    }

    /// <summary>What carries the messages.</summary>
    public SyslogTransport Transport { get; }

    /// <summary>Where they go.</summary>
    public HostAndPort Target { get; }

    /// <summary>Their form.</summary>
    public IRecordFormat Format { get; }

    /// <summary>How they are told apart on a stream.</summary>
    public SyslogFraming Framing { get; }

    /// <summary>For connecting, and for writing one batch.</summary>
    public TimeSpan Timeout { get; }

    /// <summary>A batch written to a stream counts as delivered when the connection has stayed whole for so long afterwards.</summary>
    public TimeSpan Confirm { get; }

    /// <summary>Larger messages are refused as too large over UDP.</summary>
    public int MaxDatagram { get; }

    /// <summary>Null without TLS.</summary>
    public TlsOptions? Tls { get; }
}
