using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace FlowPipe.Core.Emitting;

/// <summary>
/// librdkafka's functions that Confluent.Kafka does not offer. They are taken from the very file that it has loaded: a second librdkafka in the
/// process, even of the same version, would have its own globals, and which of the package's files fits this system is Confluent's to find out.
/// </summary>
internal static unsafe class NativeKafka
{
    /// <summary>RD_KAFKA_PRODUCER of <c>rd_kafka_type_t</c>.</summary>
    public const int Producer = 0;

    // csharpier-ignore-start
    public static readonly delegate* unmanaged[Cdecl]<nint> ConfNew;
    public static readonly delegate* unmanaged[Cdecl]<nint, void> ConfDestroy;
    public static readonly delegate* unmanaged[Cdecl]<nint, nint, void> ConfSetLogCallback;
    public static readonly delegate* unmanaged[Cdecl]<int, nint, byte*, nuint, nint> New;
    public static readonly delegate* unmanaged[Cdecl]<nint, void> Destroy;
    public static readonly delegate* unmanaged[Cdecl]<nint, int, nint> MockClusterNew;
    public static readonly delegate* unmanaged[Cdecl]<nint, void> MockClusterDestroy;
    public static readonly delegate* unmanaged[Cdecl]<nint, nint> MockClusterBootstraps;
    public static readonly delegate* unmanaged[Cdecl]<nint, byte*, int, int, int> MockTopicCreate;
    public static readonly delegate* unmanaged[Cdecl]<nint, byte*, int, void> MockTopicSetError;
    public static readonly delegate* unmanaged[Cdecl]<nint, short, nuint, int*, void> MockPushRequestErrors;
    public static readonly delegate* unmanaged[Cdecl]<nint, int, int, int> MockBrokerSetRtt;
    public static readonly delegate* unmanaged[Cdecl]<nint, int, int> MockBrokerSetDown;
    public static readonly delegate* unmanaged[Cdecl]<nint, int, int> MockBrokerSetUp;
    // csharpier-ignore-end

    static NativeKafka()
    {
        nint library = NativeLibrary.Load(LoadedFile());
        ConfNew = (delegate* unmanaged[Cdecl]<nint>)Export(library, "rd_kafka_conf_new");
        ConfDestroy = (delegate* unmanaged[Cdecl]<nint, void>)Export(library, "rd_kafka_conf_destroy");
        ConfSetLogCallback = (delegate* unmanaged[Cdecl]<nint, nint, void>)Export(library, "rd_kafka_conf_set_log_cb");
        New = (delegate* unmanaged[Cdecl]<int, nint, byte*, nuint, nint>)Export(library, "rd_kafka_new");
        Destroy = (delegate* unmanaged[Cdecl]<nint, void>)Export(library, "rd_kafka_destroy");
        MockClusterNew = (delegate* unmanaged[Cdecl]<nint, int, nint>)Export(library, "rd_kafka_mock_cluster_new");
        MockClusterDestroy = (delegate* unmanaged[Cdecl]<nint, void>)Export(library, "rd_kafka_mock_cluster_destroy");
        MockClusterBootstraps = (delegate* unmanaged[Cdecl]<nint, nint>)Export(library, "rd_kafka_mock_cluster_bootstraps");
        MockTopicCreate = (delegate* unmanaged[Cdecl]<nint, byte*, int, int, int>)Export(library, "rd_kafka_mock_topic_create");
        MockTopicSetError = (delegate* unmanaged[Cdecl]<nint, byte*, int, void>)Export(library, "rd_kafka_mock_topic_set_error");
        MockPushRequestErrors = (delegate* unmanaged[Cdecl]<nint, short, nuint, int*, void>)Export(
            library,
            "rd_kafka_mock_push_request_errors_array"
        );
        MockBrokerSetRtt = (delegate* unmanaged[Cdecl]<nint, int, int, int>)Export(library, "rd_kafka_mock_broker_set_rtt");
        MockBrokerSetDown = (delegate* unmanaged[Cdecl]<nint, int, int>)Export(library, "rd_kafka_mock_broker_set_down");
        MockBrokerSetUp = (delegate* unmanaged[Cdecl]<nint, int, int>)Export(library, "rd_kafka_mock_broker_set_up");
    }

    private static nint Export(nint library, string name) => NativeLibrary.GetExport(library, name);

    private static string LoadedFile()
    {
        Library.Load();
        using Process self = Process.GetCurrentProcess();
        foreach (ProcessModule module in self.Modules)
        {
            if (module.ModuleName.Contains("librdkafka", StringComparison.Ordinal))
            {
                return module.FileName;
            }
        }

        throw new FlowPipeException("the embedded broker can't start: librdkafka is not among the loaded libraries");
    }
}
