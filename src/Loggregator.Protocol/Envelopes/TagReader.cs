namespace Loggregator.Protocol.Envelopes;

/// <summary>Walks the entries of <c>tags</c> (field 9) as they are on the wire: a key may come again, and then the last one counts.</summary>
public ref struct TagReader(ReadOnlySpan<byte> envelope)
{
    private FieldReader _fields = new(envelope);

    /// <summary>UTF-8 key; empty where the entry has none.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>UTF-8 value; empty where the entry has none.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Steps to the next entry.</summary>
    public bool MoveNext()
    {
        while (_fields.MoveNext())
        {
            if (_fields.Tag == Fields.Tags)
            {
                ReadEntry(_fields.Bytes);
                return true;
            }
        }

        return false;
    }

    private void ReadEntry(ReadOnlySpan<byte> entry)
    {
        Key = default;
        Value = default;
        var fields = new FieldReader(entry);
        while (fields.MoveNext())
        {
            switch (fields.Tag)
            {
                case Fields.Key:
                    Key = fields.Bytes;
                    break;
                case Fields.Value:
                    Value = fields.Bytes;
                    break;
                default:
                    break;
            }
        }
    }
}
