// Asks the service for what it refuses, and shows each answer as the Java client types it.
import java.util.List;
import java.util.UUID;
import org.magcheck.client.ApiClient;
import org.magcheck.client.ApiException;
import org.magcheck.client.ApiResponse;
import org.magcheck.client.api.ChecksApi;
import org.magcheck.client.api.DraftsApi;
import org.magcheck.client.api.KnowledgeApi;
import org.magcheck.client.model.*;

public class Faults {
    interface Call {
        void make() throws ApiException;
    }

    static ApiClient client(String address, String key) {
        ApiClient client = new ApiClient().setRequestInterceptor(request -> request.header("X-API-Key", key));
        client.updateBaseUri(address);
        return client;
    }

    static void show(Call call) throws Exception {
        try {
            call.make();
        } catch (ApiException refused) {
            Problem problem = ApiClient.createDefaultObjectMapper().readValue(refused.getResponseBody(), Problem.class);
            String id = refused.getResponseHeaders().firstValue("X-Correlation-ID").orElseThrow();
            if (problem.getStatus() != refused.getCode()) throw new IllegalStateException("the status differs");
            if (!problem.getCorrelationId().equals(id)) throw new IllegalStateException("the id differs");
            String where = problem.getErrors().isEmpty() ? "" : " " + problem.getErrors().get(0).getPointer();
            System.out.println(refused.getCode() + " " + problem.getCode() + where);
        }
    }

    public static void main(String[] arguments) throws Exception {
        ApiClient client = client(arguments[0], arguments[1]);
        ApiClient stranger = client(arguments[0], "mck_nobody");
        MedicationItem line = new MedicationItem().id("m1").text("Furosemide 40 mg tablet");
        MedicationProfile furosemide = new MedicationProfile().addMedicationsItem(line);
        MedicationProfile nothing = new MedicationProfile().addMedicationsItem(new MedicationItem().id("m1"));

        CheckAnswer answer = new ChecksApi(client).checkMedications(furosemide, null, null, null);
        if (answer.getStatus() != CheckStatus.COMPLETE) throw new IllegalStateException("no complete answer");
        List<Finding> findings = answer.getFindings();
        if (findings.size() != 1 || !findings.get(0).getInteractionId().equals("loop-diuretics-deplete-magnesium"))
            throw new IllegalStateException("another finding");

        show(() -> new ChecksApi(stranger).checkMedications(furosemide, null, null, null));
        show(() -> new KnowledgeApi(client).getSubstance("unobtainium", null, null));
        show(() -> new ChecksApi(client).checkMedications(nothing, null, null, null));

        DraftsApi drafts = new DraftsApi(client);
        String reason = "to see what is refused";
        NewDraft wish = new NewDraft().title("A draft").reason(reason);
        ApiResponse<DraftEntry> draft = drafts.openDraftWithHttpInfo("java-0001", wish, null);
        String id = draft.getData().getId();
        for (String seen : List.of("\"999\"", draft.getHeaders().get("etag").get(0), "\"2\""))
            show(() -> drafts.discardDraft(id, UUID.randomUUID().toString(), seen, new Change().reason(reason), null));
    }
}
