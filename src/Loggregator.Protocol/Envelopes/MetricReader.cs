namespace Loggregator.Protocol.Envelopes;

/// <summary>Walks the metrics of a gauge as they are on the wire: a name may come again, and then the last one counts.</summary>
public ref struct MetricReader
{
    private PayloadReader _payloads;
    private FieldReader _fields;

    /// <summary>Starts before the first metric of an envelope whose type is <see cref="EnvelopeType.Gauge"/>.</summary>
    public MetricReader(ReadOnlySpan<byte> envelope, scoped in EnvelopeHeader header) => _payloads = new PayloadReader(envelope, header);

    /// <summary>UTF-8 name; empty where the entry has none.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>UTF-8 unit.</summary>
    public ReadOnlySpan<byte> Unit { get; private set; }

    /// <summary>The value.</summary>
    public double Value { get; private set; }

    /// <summary>Steps to the next metric.</summary>
    public bool MoveNext()
    {
        while (true)
        {
            while (_fields.MoveNext())
            {
                if (_fields.Tag == Fields.GaugeMetrics)
                {
                    ReadEntry(_fields.Bytes);
                    return true;
                }
            }

            if (!_payloads.MoveNext())
            {
                return false;
            }

            _fields = new FieldReader(_payloads.Current);
        }
    }

    internal static void ReadValue(ReadOnlySpan<byte> gaugeValue, out ReadOnlySpan<byte> unit, out double value)
    {
        unit = default;
        value = 0;
        var fields = new FieldReader(gaugeValue);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Fields.GaugeUnit:
                    unit = fields.Bytes;
                    break;
                case Fields.GaugeNumber:
                    value = BitConverter.UInt64BitsToDouble(fields.Number);
                    break;
                default:
                    break;
            }
        }
    }

    private void ReadEntry(ReadOnlySpan<byte> entry)
    {
        Name = default;
        ReadOnlySpan<byte> content = default;
        var fields = new FieldReader(entry);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Fields.Key:
                    Name = fields.Bytes;
                    break;
                case Fields.Value:
                    content = fields.Bytes;
                    break;
                default:
                    break;
            }
        }

        ReadValue(content, out var unit, out var value);
        Unit = unit;
        Value = value;
    }
}
