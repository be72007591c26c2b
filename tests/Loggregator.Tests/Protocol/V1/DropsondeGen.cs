using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.Dropsonde;
using EventType = Loggregator.Protocol.Dropsonde.Envelope.Types.EventType;

namespace Loggregator.Tests.Protocol.V1;

/// <summary>Random dropsonde envelopes.</summary>
internal static class DropsondeGen
{
    private const string Source = "source_id";

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Int[0, 5].Select(at => new[] { "", "a", "origin", "größe", "instance_id", "__v1_type" }[at]),
        Gen.String[Gen.Char[' ', '~'], 0, 40],
        Gen.String[Gen.Char['\u00A0', '\u07FF'], 0, 10]);

    private static readonly Gen<string> Words = Gen.String[Gen.Char['A', '_'], 1, 8]; // no lower case: no tag that has a field

    private static readonly Gen<long> Numbers = Gen.OneOf(Gen.Const(0L), Gen.Long[0, 200], Gen.Long);

    private static readonly Gen<UUID> Uuids = Gen.Select(Gen.ULong, Gen.ULong[1, ulong.MaxValue], (low, high) => new UUID { Low = low, High = high });

    private static readonly Gen<HttpStartStop> Https =
        from times in Gen.Select(Numbers, Numbers)
        from request in Uuids
        from kind in Gen.Select(Gen.Int[1, 2], Gen.Int[1, 44])
        from texts in Gen.Select(Texts, Texts, Texts, Words)
        from status in Gen.Int
        from length in Numbers
        from app in Uuids
        from index in Gen.Int
        from forwarded in Gen.String[Gen.Char['!', '~'], 0, 10].Array[1, 3]
        select new HttpStartStop
        {
            StartTimestamp = times.Item1,
            StopTimestamp = times.Item2,
            RequestId = request,
            PeerType = (PeerType)kind.Item1,
            Method = (Method)kind.Item2,
            Uri = texts.Item1,
            RemoteAddress = texts.Item2,
            UserAgent = texts.Item3,
            InstanceId = texts.Item4,
            StatusCode = status,
            ContentLength = length,
            ApplicationId = app,
            InstanceIndex = index,
            Forwarded = { forwarded },
        };

    private static readonly Gen<Envelope> Payloads = Gen.OneOf(
        Https.Select(http => new Envelope { EventType = EventType.HttpStartStop, HttpStartStop = http }),
        Gen.Select(Gen.Byte.Array[0, 60], Gen.Int[1, 2], Words, Texts, Texts, (text, type, app, sourceType, instance) => new Envelope
        {
            EventType = EventType.LogMessage,
            LogMessage = new LogMessage
            {
                Message = ByteString.CopyFrom(text),
                MessageType = (LogMessage.Types.MessageType)type,
                AppId = app,
                SourceType = sourceType,
                SourceInstance = instance,
            },
        }),
        Gen.Select(Texts, Gen.Double, Texts, (name, value, unit) => new Envelope
        {
            EventType = EventType.ValueMetric,
            ValueMetric = new ValueMetric { Name = name, Value = value, Unit = unit },
        }),
        Gen.Select(Texts, Gen.ULong, Gen.ULong, (name, delta, total) => new Envelope
        {
            EventType = EventType.CounterEvent,
            CounterEvent = new CounterEvent { Name = name, Delta = delta, Total = total },
        }),
        Gen.Select(Texts, Gen.Int, Texts, (source, code, text) => new Envelope
        {
            EventType = EventType.Error,
            Error = new Error { Source = source, Code = code, Message = text },
        }),
        // Bytes are doubles in v2: exact up to 2^53.
        Gen.Select(Words, Gen.Int, Gen.Double[0, 100], Gen.ULong[0, 1UL << 53], Gen.ULong[0, 1UL << 53], (app, index, cpu, memory, disk) => new Envelope
        {
            EventType = EventType.ContainerMetric,
            ContainerMetric = new ContainerMetric
            {
                ApplicationId = app,
                InstanceIndex = index,
                CpuPercentage = cpu,
                MemoryBytes = memory,
                DiskBytes = disk,
                MemoryBytesQuota = disk,
                DiskBytesQuota = memory,
            },
        }));

    /// <summary>Envelopes of which the way through v2 loses nothing: everything is there, and the source's tag says what the payload does.</summary>
    public static readonly Gen<Envelope> Full =
        from envelope in Payloads
        from texts in Gen.Select(Texts, Texts, Texts, Texts, Texts)
        from timestamp in Numbers
        from source in Words
        from tags in Gen.Dictionary(Words, Texts)[0, 5]
        select Fill(envelope, timestamp, texts, source, tags);

    /// <summary>Bytes of one to three such behind each other: fields and payloads repeat, and several payloads are there.</summary>
    public static readonly Gen<byte[]> Merged = Full.Array[1, 3].Select(parts => parts.SelectMany(part => part.ToByteArray()).ToArray());

    /// <summary>The same, damaged.</summary>
    public static readonly Gen<byte[]> Damaged =
        from bytes in Merged
        from seed in Gen.UInt
        select Damage.Apply(bytes, seed);

    private static Envelope Fill(
        Envelope template, long timestamp, (string Origin, string Deployment, string Job, string Index, string Ip) texts, string source, Dictionary<string, string> tags)
    {
        var envelope = template.Clone();
        (envelope.Origin, envelope.Deployment, envelope.Job, envelope.Index, envelope.Ip) = texts;
        envelope.Timestamp = timestamp;
        envelope.Tags.Add(tags);
        envelope.Tags[Source] = envelope.EventType switch
        {
            EventType.LogMessage => envelope.LogMessage.AppId,
            EventType.ContainerMetric => envelope.ContainerMetric.ApplicationId,
            EventType.HttpStartStop => Text(envelope.HttpStartStop.ApplicationId),
            _ => source,
        };
        if (envelope.LogMessage is { } log)
        {
            log.Timestamp = timestamp;
        }

        return envelope;
    }

    private static string Text(UUID uuid)
    {
        var bytes = BitConverter.GetBytes(uuid.Low).Concat(BitConverter.GetBytes(uuid.High)).ToArray();
        var hex = System.Convert.ToHexStringLower(bytes);
        return $"{hex[..8]}-{hex[8..12]}-{hex[12..16]}-{hex[16..20]}-{hex[20..]}";
    }
}
