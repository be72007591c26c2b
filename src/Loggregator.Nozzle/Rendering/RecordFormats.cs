using Loggregator.Nozzle.Settings;

namespace Loggregator.Nozzle.Rendering;

/// <summary>The formats by name, and the options that they have.</summary>
internal static class RecordFormats
{
    /// <summary>Reads <c>format</c> and what belongs to it.</summary>
    /// <param name="read">The options.</param>
    /// <param name="fallback">The format where none is given.</param>
    /// <param name="batched">Whether the receiver gets several messages as one piece.</param>
    public static IRecordFormat Read(OptionReader read, RecordFormatName fallback, bool batched = false)
    {
        var metadata = read.Read("disable-metadata", read.Read("omit-metadata", false)) is false;
        var hostname = read.Text("hostname") ?? "";
        var withId = read.Read("record-id", false);
        if (hostname.Any(c => c is < (char)33 or > (char)126))
        {
            read.Fail("hostname: only printable ASCII characters without spaces may stand in it (RFC 5424).");
        }

        return read.Read("format", fallback) switch
        {
            RecordFormatName.Protobuf => new ProtobufFormat(batched),
            RecordFormatName.Text => new TextFormat(),
            RecordFormatName.Cef => new CefFormat(),
            RecordFormatName.Ecs => new EcsFormat(),
            RecordFormatName.Syslog => new SyslogFormat(metadata, hostname, withId),
            RecordFormatName.SyslogPlain => new PlainSyslogFormat(metadata, hostname),
            _ => new JsonFormat(),
        };
    }
}
