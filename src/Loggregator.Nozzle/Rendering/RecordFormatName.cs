namespace Loggregator.Nozzle.Rendering;

/// <summary>The formats that a sink's option <c>format</c> chooses from.</summary>
internal enum RecordFormatName
{
    /// <summary><see cref="JsonFormat"/>.</summary>
    Json,

    /// <summary><see cref="ProtobufFormat"/>.</summary>
    Protobuf,

    /// <summary><see cref="TextFormat"/>.</summary>
    Text,

    /// <summary><see cref="CefFormat"/>.</summary>
    Cef,

    /// <summary><see cref="EcsFormat"/>.</summary>
    Ecs,

    /// <summary><see cref="SyslogFormat"/>.</summary>
    Syslog,

    /// <summary><see cref="PlainSyslogFormat"/>.</summary>
    SyslogPlain,
}
