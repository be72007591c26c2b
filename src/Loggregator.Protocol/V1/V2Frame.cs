using System.Buffers;
using System.Globalization;
using Loggregator.Protocol.Envelopes;

namespace Loggregator.Protocol.V1;

/// <summary>The v2 envelope that a dropsonde envelope becomes, while it is written: what all types have in common, and the pieces of each.</summary>
internal readonly ref struct V2Frame
{
    private readonly IBufferWriter<byte> _writer;
    private readonly ReadOnlySpan<byte> _envelope;
    private readonly DropsondeHeader _header;
    private readonly DropsondeTagging _tagging;
    private readonly ReadOnlySpan<byte> _sourceTag;
    private readonly bool _hasSourceTag;

    public V2Frame(IBufferWriter<byte> writer, ReadOnlySpan<byte> envelope, in DropsondeHeader header, DropsondeTagging tagging)
    {
        _writer = writer;
        _envelope = envelope;
        _header = header;
        _tagging = tagging;
        var tags = new TagReader(envelope, DropsondeFields.Tags);
        while (tags.MoveNext())
        {
            switch (KnownTags.Find(tags.Key))
            {
                case KnownTag.SourceId:
                    _sourceTag = tags.Value;
                    _hasSourceTag = true;
                    break;
                case KnownTag.InstanceId:
                    InstanceTag = tags.Value;
                    break;
                default:
                    break;
            }
        }

        if (_sourceTag.IsEmpty && tagging.OriginIsSource)
        {
            _sourceTag = header.Origin.Of(envelope);
            _hasSourceTag = true;
        }
    }

    /// <summary>The value of the tag <c>instance_id</c>.</summary>
    public ReadOnlySpan<byte> InstanceTag { get; }

    private ReadOnlySpan<byte> Deployment => _header.HasDeployment ? _header.Deployment.Of(_envelope) : _tagging.Deployment;

    private ReadOnlySpan<byte> Job => _header.HasJob ? _header.Job.Of(_envelope) : _tagging.Job;

    public void WriteTimestamp()
    {
        var wire = new WireWriter(_writer.GetSpan(11));
        wire.Number(Fields.Timestamp, (ulong)_header.Timestamp);
        wire.CommitTo(_writer);
    }

    /// <summary>Writes the source id, or what stands in for an empty one, and an instance id in digits.</summary>
    public void WriteIds(ReadOnlySpan<byte> sourceId, int instance)
    {
        Span<byte> digits = stackalloc byte[11];
        instance.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        WriteIds(sourceId, digits[..length]);
    }

    /// <summary>Writes the source id, or what stands in for an empty one, and the instance id.</summary>
    public void WriteIds(ReadOnlySpan<byte> sourceId, ReadOnlySpan<byte> instanceId)
    {
        if (sourceId.IsEmpty && !_hasSourceTag)
        {
            WriteHostAsSource();
        }
        else
        {
            WriteText(Fields.SourceId, sourceId.IsEmpty ? _sourceTag : sourceId);
        }

        WriteText(Fields.InstanceId, instanceId);
    }

    public void WriteLog(ReadOnlySpan<byte> payload, bool isError)
    {
        var content = WireWriter.TextLength(Fields.LogPayload, payload) + WireWriter.NumberLength(Fields.LogType, isError ? 1u : 0);
        var wire = new WireWriter(_writer.GetSpan(WireWriter.FieldLength(Fields.Log, content)));
        wire.Header(Fields.Log, content);
        wire.Text(Fields.LogPayload, payload);
        wire.Number(Fields.LogType, isError ? 1u : 0);
        wire.CommitTo(_writer);
    }

    public void WriteCounter(ReadOnlySpan<byte> name, ulong delta, ulong total)
    {
        name = LenientText.Repair(name);
        var content = WireWriter.TextLength(Fields.CounterName, name)
            + WireWriter.NumberLength(Fields.CounterDelta, delta)
            + WireWriter.NumberLength(Fields.CounterTotal, total);
        var wire = new WireWriter(_writer.GetSpan(WireWriter.FieldLength(Fields.Counter, content)));
        wire.Header(Fields.Counter, content);
        wire.Text(Fields.CounterName, name);
        wire.Number(Fields.CounterDelta, delta);
        wire.Number(Fields.CounterTotal, total);
        wire.CommitTo(_writer);
    }

    /// <summary>Writes a gauge of one metric; the metrics of further ones merge into it.</summary>
    public void WriteMetric(ReadOnlySpan<byte> name, ReadOnlySpan<byte> unit, double value)
    {
        name = LenientText.Repair(name);
        unit = LenientText.Repair(unit);
        var gauge = WireWriter.TextLength(Fields.GaugeUnit, unit) + 9;
        var entry = WireWriter.FieldLength(Fields.Key, name.Length) + WireWriter.FieldLength(Fields.Value, gauge);
        var content = WireWriter.FieldLength(Fields.GaugeMetrics, entry);
        var wire = new WireWriter(_writer.GetSpan(WireWriter.FieldLength(Fields.Gauge, content)));
        wire.Header(Fields.Gauge, content);
        wire.Header(Fields.GaugeMetrics, entry);
        wire.Bytes(Fields.Key, name);
        wire.Header(Fields.Value, gauge);
        wire.Text(Fields.GaugeUnit, unit);
        wire.Double(Fields.GaugeNumber, value);
        wire.CommitTo(_writer);
    }

    /// <summary>Writes a timer named <c>http</c>.</summary>
    public void WriteTimer(long start, long stop)
    {
        var name = "http"u8;
        var content = WireWriter.FieldLength(Fields.TimerName, name.Length)
            + WireWriter.NumberLength(Fields.TimerStart, (ulong)start)
            + WireWriter.NumberLength(Fields.TimerStop, (ulong)stop);
        var wire = new WireWriter(_writer.GetSpan(WireWriter.FieldLength(Fields.Timer, content)));
        wire.Header(Fields.Timer, content);
        wire.Bytes(Fields.TimerName, name);
        wire.Number(Fields.TimerStart, (ulong)start);
        wire.Number(Fields.TimerStop, (ulong)stop);
        wire.CommitTo(_writer);
    }

    /// <summary>Writes the envelope's tags, but for its source id and a set of others, and the fields that are tags in v2.</summary>
    public void WriteTags(uint without)
    {
        without |= KnownTags.OfEnvelope | (1u << (int)KnownTag.SourceId);
        var tags = new TagReader(_envelope, DropsondeFields.Tags);
        while (tags.MoveNext())
        {
            if (!KnownTags.Has(without, KnownTags.Find(tags.Key)))
            {
                EnvelopeWriter.Tag(_writer, LenientText.Repair(tags.Key), LenientText.Repair(tags.Value));
            }
        }

        WriteTag("origin"u8, _header.Origin.Of(_envelope));
        WriteTag("deployment"u8, Deployment);
        WriteTag("job"u8, Job);
        WriteTag("index"u8, _header.HasIndex ? _header.Index.Of(_envelope) : _tagging.Index);
        WriteTag("ip"u8, _header.HasIp ? _header.Ip.Of(_envelope) : _tagging.Ip);
        var type = TypeName(_header.Type);
        if (type.IsEmpty)
        {
            WriteTag("__v1_type"u8, (int)_header.Type);
        }
        else
        {
            WriteTag("__v1_type"u8, type);
        }
    }

    public void WriteTag(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => EnvelopeWriter.Tag(_writer, name, LenientText.Repair(value));

    public void WriteTag(ReadOnlySpan<byte> name, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        value.TryFormat(digits, out var length, default, CultureInfo.InvariantCulture);
        EnvelopeWriter.Tag(_writer, name, digits[..length]);
    }

    private static ReadOnlySpan<byte> TypeName(DropsondeType type) => type switch
    {
        DropsondeType.HttpStartStop => "HttpStartStop"u8,
        DropsondeType.LogMessage => "LogMessage"u8,
        DropsondeType.ValueMetric => "ValueMetric"u8,
        DropsondeType.CounterEvent => "CounterEvent"u8,
        DropsondeType.Error => "Error"u8,
        DropsondeType.ContainerMetric => "ContainerMetric"u8,
        _ => default,
    };

    private void WriteText(uint field, ReadOnlySpan<byte> text)
    {
        text = LenientText.Repair(text);
        var wire = new WireWriter(_writer.GetSpan(WireWriter.FieldLength(field, text.Length)));
        wire.Text(field, text);
        wire.CommitTo(_writer);
    }

    private void WriteHostAsSource()
    {
        var deployment = LenientText.Repair(Deployment);
        var job = LenientText.Repair(Job);
        var length = deployment.Length + 1 + job.Length;
        var wire = new WireWriter(_writer.GetSpan(WireWriter.FieldLength(Fields.SourceId, length)));
        wire.Header(Fields.SourceId, length);
        wire.Raw(deployment);
        wire.Raw("/"u8);
        wire.Raw(job);
        wire.CommitTo(_writer);
    }
}
