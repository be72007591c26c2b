using Google.Protobuf;
using Loggregator.Protocol.Dropsonde;

namespace Loggregator.IntegrationTests.Doppler.V1;

/// <summary>Dropsonde envelopes for tests.</summary>
internal static class SomeV1
{
    public const string AppId = "f47ac10b-58cc-4372-a567-0e02b2c3d479";

    public static readonly UUID AppUuid = new() { Low = 0x7243cc580bc17af4, High = 0x79d4c3b2020e67a5 };

    public static Envelope Log(string app, string text) => new()
    {
        Origin = "o",
        EventType = Envelope.Types.EventType.LogMessage,
        Timestamp = 5,
        LogMessage = new LogMessage
        {
            Message = ByteString.CopyFromUtf8(text),
            MessageType = LogMessage.Types.MessageType.Out,
            Timestamp = 5,
            AppId = app,
        },
    };

    public static Envelope Value(string name) => new()
    {
        Origin = "o",
        EventType = Envelope.Types.EventType.ValueMetric,
        ValueMetric = new ValueMetric { Name = name, Value = 1.5, Unit = "ms" },
    };

    public static Envelope Counter(string name) => new()
    {
        Origin = "o",
        EventType = Envelope.Types.EventType.CounterEvent,
        CounterEvent = new CounterEvent { Name = name, Delta = 1 },
    };

    public static Envelope Error(string text) => new()
    {
        Origin = "o",
        EventType = Envelope.Types.EventType.Error,
        Error = new Error { Source = "s", Code = 1, Message = text },
    };

    public static Envelope Container(string app) => new()
    {
        Origin = "o",
        EventType = Envelope.Types.EventType.ContainerMetric,
        ContainerMetric = new ContainerMetric { ApplicationId = app, InstanceIndex = 1, CpuPercentage = 2, MemoryBytes = 3, DiskBytes = 4 },
    };

    public static Envelope Http(UUID? app) => new()
    {
        Origin = "o",
        EventType = Envelope.Types.EventType.HttpStartStop,
        HttpStartStop = new HttpStartStop
        {
            StartTimestamp = 1,
            StopTimestamp = 2,
            RequestId = new UUID { Low = 1, High = 2 },
            PeerType = PeerType.Server,
            Method = Method.Get,
            Uri = "/",
            RemoteAddress = "r",
            UserAgent = "u",
            StatusCode = 200,
            ContentLength = 3,
            ApplicationId = app,
        },
    };
}
