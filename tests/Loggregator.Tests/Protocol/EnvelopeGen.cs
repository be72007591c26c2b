using CsCheck;
using Google.Protobuf;
using Loggregator.Protocol.V2;
using Timer = Loggregator.Protocol.V2.Timer;

namespace Loggregator.Tests.Protocol;

/// <summary>Random envelopes: every payload, all kinds of text, few keys so that they collide.</summary>
internal static class EnvelopeGen
{
    private static readonly Gen<string> Texts = Gen.OneOf(
        Pick("", "a", "b", "hop", "reason", "bound", "dropped", "origin", "source_type", "größe", "日本語", "😀", "\"\\\n\u0001<>&\u2028"),
        Gen.String[Gen.Char[' ', '~'], 0, 80],
        Gen.String[Gen.Char['\u00A0', '\u07FF'], 0, 20]);

    private static readonly Gen<long> Numbers = Gen.OneOf(Gen.Const(0L), Gen.Long[0, 200], Gen.Long);

    private static readonly Gen<double> Doubles = Gen.OneOf(
        Pick(0d, -0d, 1d, 0.1, 1e21, 1e-7, 1e-6, 1e20, double.NaN, double.PositiveInfinity, double.NegativeInfinity),
        Gen.Double,
        Gen.Double[-1000, 1000]);

    private static readonly Gen<Value> Values = Gen.OneOf(
        Texts.Select(text => new Value { Text = text }),
        Numbers.Select(number => new Value { Integer = number }),
        Doubles.Select(number => new Value { Decimal = number }),
        Gen.Const(new Value()));

    private static readonly Gen<Log> Logs =
        from payload in Gen.Byte.Array[0, 100]
        from type in Pick(Log.Types.Type.Out, Log.Types.Type.Err, (Log.Types.Type)2, (Log.Types.Type)(-1))
        select new Log { Payload = ByteString.CopyFrom(payload), Type = type };

    private static readonly Gen<Counter> Counters =
        Gen.Select(Texts, Numbers, Numbers, (name, delta, total) => new Counter { Name = name, Delta = (ulong)delta, Total = (ulong)total });

    private static readonly Gen<Gauge> Gauges =
        from metrics in Gen.Dictionary(Texts, Gen.Select(Texts, Doubles, (unit, value) => new GaugeValue { Unit = unit, Value = value }))[0, 4]
        select new Gauge { Metrics = { metrics } };

    private static readonly Gen<Timer> Timers =
        Gen.Select(Texts, Numbers, Numbers, (name, start, stop) => new Timer { Name = name, Start = start, Stop = stop });

    private static readonly Gen<Event> Events = Gen.Select(Texts, Texts, (title, body) => new Event { Title = title, Body = body });

    private static readonly Gen<Envelope> Payloads = Gen.OneOf(
        Gen.Const(0).Select(_ => new Envelope()),
        Logs.Select(log => new Envelope { Log = log }),
        Counters.Select(counter => new Envelope { Counter = counter }),
        Gauges.Select(gauge => new Envelope { Gauge = gauge }),
        Timers.Select(timer => new Envelope { Timer = timer }),
        Events.Select(happening => new Envelope { Event = happening }));

    /// <summary>One envelope, each of whose fields may be absent.</summary>
    public static readonly Gen<Envelope> Envelopes =
        from envelope in Payloads
        from timestamp in Numbers
        from source in Texts
        from instance in Texts
        from tags in Gen.Dictionary(Texts, Texts)[0, 8]
        from deprecated in Gen.Dictionary(Texts, Values)[0, 3]
        select Fill(envelope, timestamp, source, instance, tags, deprecated);

    /// <summary>
    /// The bytes of one to four envelopes behind each other: one message again, in which every field may come repeatedly, as may keys and payloads.
    /// </summary>
    public static readonly Gen<byte[]> Merged =
        Envelopes.Array[1, 4].Select(parts => parts.SelectMany(part => part.ToByteArray()).ToArray());

    /// <summary>Bytes of an envelope in which something was changed, cut, doubled or moved: mostly malformed.</summary>
    public static readonly Gen<byte[]> Damaged =
        from bytes in Merged
        from seed in Gen.UInt
        select Damage.Apply(bytes, seed);

    /// <summary>One selector, of any source and type or none, with names that envelopes have too.</summary>
    public static readonly Gen<Selector> Selectors =
        from source in Gen.Frequency((3, Gen.Const("")), (1, Texts))
        from type in Gen.Int[0, 5]
        from names in Texts.Array[0, 3]
        select Select(source, type, names);

    private static Selector Select(string source, int type, string[] names) => type switch
    {
        1 => new Selector { SourceId = source, Log = new LogSelector() },
        2 => new Selector { SourceId = source, Counter = new CounterSelector { Name = names.FirstOrDefault() ?? "" } },
        3 => new Selector { SourceId = source, Gauge = new GaugeSelector { Names = { names } } },
        4 => new Selector { SourceId = source, Timer = new TimerSelector() },
        5 => new Selector { SourceId = source, Event = new EventSelector() },
        _ => new Selector { SourceId = source },
    };

    private static Gen<T> Pick<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(at => values[at]);

    private static Envelope Fill(
        Envelope template, long timestamp, string source, string instance, Dictionary<string, string> tags, Dictionary<string, Value> deprecated)
    {
        var envelope = template.Clone();
        envelope.Timestamp = timestamp;
        envelope.SourceId = source;
        envelope.InstanceId = instance;
        envelope.Tags.Add(tags);
        envelope.DeprecatedTags.Add(deprecated);
        return envelope;
    }
}
